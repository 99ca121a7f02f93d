"""Kernels: compiled arithmetic on mixtures of Gaussians in 2 or 3 axes, one cell (a track at a step) per row.

A component's covariance is given by its Cholesky factor L (lower triangle, rows one after the other), so that a sample
is mean + L z and the squared Mahalanobis distance is |L⁻¹ (x - mean)|².
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit, prange

NEGLIGIBLE = 45.0
"""A component this much below the largest in log density adds less than 1e-19 of it and is left out."""


@njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def factorise(covariances, factors, is_definite):  # type: ignore[no-untyped-def]
    """Cholesky factors of packed upper triangles.

    Args:
        covariances: m², packed upper triangles. Shape [cell, mode, triangle].
        factors: Written: packed lower triangles. Shape [cell, mode, triangle].
        is_definite: Written: whether all of a cell's matrices are positive definite. Shape [cell].
    """
    num_axes = 2 if covariances.shape[2] == 3 else 3
    for cell in prange(covariances.shape[0]):
        is_definite[cell] = True
        for mode in range(covariances.shape[1]):
            for row in range(num_axes):
                for column in range(row + 1):
                    rest = covariances[cell, mode, column * num_axes - column * (column + 1) // 2 + row]
                    for inner in range(column):
                        rest -= (
                            factors[cell, mode, row * (row + 1) // 2 + inner]
                            * factors[cell, mode, column * (column + 1) // 2 + inner]
                        )
                    if row == column:
                        if not rest > 0.0:
                            is_definite[cell] = False
                        factors[cell, mode, row * (row + 1) // 2 + row] = math.sqrt(rest)
                    else:
                        factors[cell, mode, row * (row + 1) // 2 + column] = (
                            rest / factors[cell, mode, column * (column + 1) // 2 + column]
                        )


@njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def log_densities(weights, means, factors, points, result):  # type: ignore[no-untyped-def]
    """Natural log of the mixture's density at points, by a running log-sum-exp.

    Args:
        weights: Probabilities of the modes. Shape [cell, mode].
        means: Metres. Shape [cell, mode, axis].
        factors: Cholesky factors. Shape [cell, mode, triangle].
        points: Metres. Shape [cell, point, axis].
        result: Written: log of 1/m² or 1/m³. Shape [cell, point].
    """
    num_modes, num_axes = means.shape[1], means.shape[2]
    for cell in prange(points.shape[0]):
        constants = np.empty(num_modes)
        for mode in range(num_modes):
            constant = math.log(weights[cell, mode]) - 0.5 * num_axes * math.log(2.0 * math.pi)
            for row in range(num_axes):
                constant -= math.log(factors[cell, mode, row * (row + 1) // 2 + row])
            constants[mode] = constant
        whitened = np.empty(num_axes)
        for point in range(points.shape[1]):
            largest, total = -math.inf, 0.0
            for mode in range(num_modes):
                squared = 0.0
                for row in range(num_axes):
                    rest = points[cell, point, row] - means[cell, mode, row]
                    for inner in range(row):
                        rest -= factors[cell, mode, row * (row + 1) // 2 + inner] * whitened[inner]
                    whitened[row] = rest / factors[cell, mode, row * (row + 1) // 2 + row]
                    squared += whitened[row] * whitened[row]
                value = constants[mode] - 0.5 * squared
                if math.isnan(value):
                    largest, total = math.nan, 1.0
                    break
                if value > largest:
                    total = total * math.exp(largest - value) + 1.0 if largest > -math.inf else 1.0
                    largest = value
                elif value > largest - NEGLIGIBLE:
                    total += math.exp(value - largest)
            result[cell, point] = largest + math.log(total) if largest != -math.inf else -math.inf


@njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def place_samples(weights, means, factors, uniforms, normals):  # type: ignore[no-untyped-def]
    """Turns standard normal draws into draws of the mixture, in place.

    Args:
        weights: Shape [cell, mode].
        means: Metres. Shape [cell, mode, axis].
        factors: Shape [cell, mode, triangle].
        uniforms: In [0, 1): choose the mode. Shape [cell, sample].
        normals: Standard normal; overwritten by positions in metres. Shape [cell, sample, axis].
    """
    num_modes, num_axes = means.shape[1], means.shape[2]
    for cell in prange(normals.shape[0]):
        cumulative = np.cumsum(weights[cell])
        drawn = np.empty(num_axes)
        for sample in range(normals.shape[1]):
            threshold = uniforms[cell, sample] * cumulative[num_modes - 1]
            mode = 0
            while mode < num_modes - 1 and cumulative[mode] <= threshold:
                mode += 1
            for row in range(num_axes):
                value = means[cell, mode, row]
                for inner in range(row + 1):
                    value += factors[cell, mode, row * (row + 1) // 2 + inner] * normals[cell, sample, inner]
                drawn[row] = value
            for row in range(num_axes):
                normals[cell, sample, row] = drawn[row]


@njit(cache=True, error_model="numpy", parallel=True, nogil=True)
def mean_distances(samples, truth, to_truth, between):  # type: ignore[no-untyped-def]
    """Mean distance from samples to a point, and between all pairs of different samples.

    Args:
        samples: Metres. Shape [cell, sample, axis].
        truth: Metres. Shape [cell, axis].
        to_truth: Written: metres. Shape [cell].
        between: Written: metres. Shape [cell].
    """
    num_samples, num_axes = samples.shape[1], samples.shape[2]
    for cell in prange(samples.shape[0]):
        near, apart = 0.0, 0.0
        for first in range(num_samples):
            squared = 0.0
            for axis in range(num_axes):
                squared += (samples[cell, first, axis] - truth[cell, axis]) ** 2
            near += math.sqrt(squared)
            for second in range(first):
                squared = 0.0
                for axis in range(num_axes):
                    squared += (samples[cell, first, axis] - samples[cell, second, axis]) ** 2
                apart += math.sqrt(squared)
        to_truth[cell] = near / num_samples
        between[cell] = 2.0 * apart / (num_samples * (num_samples - 1))
