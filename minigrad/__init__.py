from minigrad import operators
from minigrad.context import no_grad, scope
from minigrad.functions import *
from minigrad.table import *
from minigrad.tape import Tape, grad, pushforward
from minigrad.tensor import Tensor
