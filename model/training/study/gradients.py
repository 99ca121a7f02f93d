"""How far back a gradient reaches: the norm of the loss's gradient with respect to the state, step by step.

With s_t the whole state after step t (for the LSTM: output and cell) and L the loss of the answer at the last step T,
the norm of dL/ds_t against T - t falls by a constant factor a step where the memory's Jacobian has a norm under 1, and
grows where it is over 1 (Bengio, Simard and Frasconi 1994; Pascanu, Mikolov and Bengio 2013).
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float

from pathcast.model.memory.cells import affine
from pathcast.model.training.study.problems import Problem
from pathcast.model.training.study.several import Several

NUM_TRACKS = 32


def gradient_norms(networks: Several, problem: Problem, seed: int) -> Float[np.ndarray, "network step"]:
    """Root mean square over sequences of the gradient's norm, at T - t = 0, 1, and so on up to the first step.

    Computed in double precision, in which it may fall by 300 orders of magnitude.
    """
    batch = problem.batch("test", seed, 1, networks.count, NUM_TRACKS)
    norms = []
    for index in range(networks.count):
        reader = networks.reader(index).double()
        inputs = batch.inputs[:, index : index + 1].double()
        state = inputs.new_zeros(1, NUM_TRACKS, reader.memory.state_size)
        states = []
        for step in inputs.unbind(0):
            state = reader.memory.advance(step, state).requires_grad_()
            states.append(state)
        answers = affine(reader.memory.output(state), reader.answer.weight, reader.answer.bias)
        last = type(batch)(batch.inputs[-1:, index : index + 1], batch.answers[-1:, index : index + 1])
        loss = problem.loss(answers[None], last).sum()
        gradients = torch.autograd.grad(loss, states)
        norms.append([float(each.square().sum(-1).mean().sqrt()) for each in reversed(gradients)])
    return np.array(norms)


def fall(norms: Float[np.ndarray, "network step"], over: int) -> Float[np.ndarray, " network"]:
    """By what factor each network's gradient falls over some steps back from the last but one; under 1 where it grows.

    Of recall these are the distractors: at the last step a network reads the cue and answers, and the gradient of its
    output, which nothing has had to hold, is no part of what was remembered.
    """
    fallen: np.ndarray = norms[:, 1] / np.maximum(norms[:, 1 + over], 1e-300)
    return fallen
