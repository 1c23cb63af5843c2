"""Tasks of one kind, done here, in other processes, or on a cluster."""

import time
from functools import partial

import numpy as np
from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from ..solvers import StopReason

# Seconds of work in this process before others are started, which takes a few, too.
PATIENCE = 3.0


class Workers:
    """Those of the active joblib backend, or this process for one job or short tasks.

    Starting processes takes longer than many fits: tasks are done here until they have
    taken as long, and only what is left then goes to other processes.

    Parameters
    ----------
    run_task : callable
        ``run_task(task, on_iteration=None)``, what is common to all tasks.
    n_jobs : int or None
        Number of tasks at the same time.
    interruption : Interruption
        Tells one Ctrl-C from two.
    """

    def __init__(self, run_task, n_jobs, interruption):
        self._interruption = interruption
        self._backend, _ = get_active_backend()
        self._n_jobs = n_jobs
        self._is_here = effective_n_jobs(n_jobs) == 1
        self._run_task = run_task
        client = getattr(self._backend, "client", None)  # only dask has one
        self._starts_processes = client is None and not getattr(
            self._backend, "uses_threads", False
        )
        if client is not None and not self._is_here:
            # As the result of a task it is sent once, and computed again where a
            # worker is lost; what joblib scatters by itself would be lost with it.
            options = self._backend.submit_kwargs
            self._run_task = client.submit(_itself, run_task, pure=False, **options)

    def run(self, tasks, on_result=None, on_iteration=None, *, goes_on=False):
        """Results of the tasks in order, and what stopped them early, if anything did.

        Parameters
        ----------
        tasks : list of tuple
            What each worker is given.  (Arrays that are arguments themselves would
            be scattered.)
        on_result : callable, optional
            ``on_result(number, result)``.
        on_iteration : callable, optional
            ``on_iteration(number, ...)``, called in this process only.
        goes_on : bool, default=False
            Whether there are earlier results, so that an interruption before the first
            of these loses nothing.
        """
        results = self._results(tasks, on_iteration)
        return self._collect(results, on_result, goes_on)

    def _results(self, tasks, on_iteration):
        """Those of the tasks in order, each when it is there."""
        clock = _Clock(np.inf if self._is_here else PATIENCE)
        n_here = len(tasks) if self._is_here or self._starts_processes else 0
        for number, task in enumerate(tasks[:n_here], 1):
            if number == len(tasks):
                clock = _Clock(np.inf)
            show = on_iteration and partial(on_iteration, number)
            result = self._run_task(task, on_iteration=clock.watching(show))
            if clock.is_over and result.reason is StopReason.CALLBACK:
                # The same task from its beginning, wherever it is done.
                n_here = number - 1
                break
            yield result
        if n_here == len(tasks):
            return
        # With results one by one, an interruption costs only those not yet there.
        one_by_one = self._backend.supports_return_generator
        parallel = Parallel(
            n_jobs=self._n_jobs, return_as="generator" if one_by_one else "list"
        )
        others = tasks[n_here:]
        yield from parallel(delayed(_call)(self._run_task, task) for task in others)

    def _collect(self, results, on_result, goes_on):
        """List of results, and the `StopReason` that ended it early or None."""
        collected = []
        try:
            for number, result in enumerate(results, 1):
                collected.append(result)
                if result.reason in (StopReason.INTERRUPTED, StopReason.CALLBACK):
                    return collected, result.reason
                if on_result is not None:
                    on_result(number, result)
        except KeyboardInterrupt:
            if not collected and not goes_on:
                raise
            return collected, self._interruption.reason()
        return collected, None


class _Clock:
    """Ends the tasks of this process after some seconds.

    They count from the first iteration on, in which functions may be compiled.

    Parameters
    ----------
    seconds : float
        When it is over.
    """

    def __init__(self, seconds):
        self.is_over = False
        self._seconds = seconds
        self._began = None

    def watching(self, on_iteration):
        """Callback of iterations that also ends them; the other one if it need not."""
        if self._seconds == np.inf:
            return on_iteration

        def watch(*iteration):
            wants_stop = on_iteration is not None and on_iteration(*iteration)
            now = time.monotonic()
            if self._began is None:
                self._began = now
            self.is_over = not wants_stop and now - self._began > self._seconds
            return wants_stop or self.is_over

        return watch


def _itself(value):
    return value


def _call(run_task, task):
    if not callable(run_task):
        # A future: joblib stays here if the cluster has shrunk to one core.
        run_task = run_task.result()
    return run_task(task)
