"""Tasks of one kind, done here, in other processes, or on a cluster."""

from functools import partial

from joblib import effective_n_jobs
from joblib.parallel import get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from ..solvers import StopReason


class Workers:
    """Those of the active joblib backend, or this process for one job.

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
        if self._is_here:
            results = self._run_here(tasks, on_iteration)
            return self._collect(results, on_result, goes_on)
        # With results one by one, an interruption costs only those not yet there.
        one_by_one = self._backend.supports_return_generator
        parallel = Parallel(
            n_jobs=self._n_jobs, return_as="generator" if one_by_one else "list"
        )
        results = parallel(delayed(_call)(self._run_task, task) for task in tasks)
        return self._collect(results, on_result, goes_on)

    def _run_here(self, tasks, on_iteration):
        for number, task in enumerate(tasks, 1):
            show = on_iteration and partial(on_iteration, number)
            yield self._run_task(task, on_iteration=show)

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


def _itself(value):
    return value


def _call(run_task, task):
    if not callable(run_task):
        # A future: joblib stays here if the cluster has shrunk to one core.
        run_task = run_task.result()
    return run_task(task)
