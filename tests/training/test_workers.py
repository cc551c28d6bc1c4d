"""Who trains together: what options and environments say."""

import json

import pytest

from keras_madd.support.errors import UserError
from keras_madd.training.workers import Workers, workers_of, workers_of_environment

VERTEX = {
    "TF_CONFIG": json.dumps(
        {
            "cluster": {"chief": ["a:2222"], "worker": ["b:2222", "c:2222"], "ps": ["d:2222"]},
            "task": {"type": "worker", "index": "1"},
        }
    )
}
SLURM = {"SLURM_JOB_ID": "4100", "SLURM_NTASKS": "4", "SLURM_PROCID": "3"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        (VERTEX, ("a:2222", 3, 2)),
        ({**SLURM, "SLURM_STEP_NODELIST": "node[07-12,15],login"}, ("node07:29404", 4, 3)),
        ({**SLURM, "SLURM_STEP_NODELIST": "node7,node9"}, ("node7:29404", 4, 3)),
        ({**SLURM, "SLURM_STEP_NODELIST": "node[3,5]-ib"}, ("node3-ib:29404", 4, 3)),
        (
            {"MASTER_ADDR": "m", "MASTER_PORT": "23456", "WORLD_SIZE": "8", "RANK": "5"},
            ("m:23456", 8, 5),
        ),
        (
            {
                "KERAS_DISTRIBUTION_JOB_ADDRESSES": "a:1,b:1",
                "KERAS_DISTRIBUTION_NUM_PROCESSES": "2",
                "KERAS_DISTRIBUTION_PROCESS_ID": "1",
            },
            ("a:1", 2, 1),
        ),
        (
            {
                "JAX_COORDINATOR_ADDRESS": "train-0.svc:9000",
                "JAX_NUM_PROCESSES": "4",
                "JOB_COMPLETION_INDEX": "0",
            },
            ("train-0.svc:9000", 4, 0),
        ),
    ],
)
def test_the_environment_of_each_scheduler(environment, expected):
    assert workers_of("env", None, None, environment) == Workers(*expected)


def test_options_come_before_the_environment():
    assert workers_of("h:1", 2, 1, VERTEX) == Workers("h:1", 2, 1)
    assert workers_of("h:1", 5, None, {"JOB_COMPLETION_INDEX": "4"}) == Workers("h:1", 5, 4)


def test_alone():
    assert workers_of("", None, None, {}) is None
    one = {"TF_CONFIG": json.dumps({"cluster": {"chief": ["a:1"]}, "task": {"type": "chief"}})}
    assert workers_of("", None, None, one) is None
    assert workers_of("", None, None, {**SLURM, "SLURM_STEP_NODELIST": "node7"}) is None
    assert workers_of_environment({"TF_CONFIG": "{}"}) == {}


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        (("", 2, 0), {}, "--workers and --worker need --coordinator"),
        (("", None, None), VERTEX, "TF_CONFIG names 3 workers, .* KERAS_BACKEND=jax and"),
        (("env", None, None), {}, r"give --coordinator HOST:PORT and --workers N and --worker I\."),
        (("h:1", None, None), {"RANK": "1"}, r"give --workers N and --worker I\."),
        (("h:1", 2, 2), {}, r"`worker` must be from 0 to below the 2 workers. Received: worker=2"),
        (("h", 2, 1), {}, "`coordinator` must be .* HOST:PORT. Received: coordinator='h'"),
        (("env", None, None), {"TF_CONFIG": "{"}, "TF_CONFIG in the environment cannot be read"),
        (("env", None, None), {"MASTER_ADDR": "m"}, "RANK in the environment cannot be read"),
    ],
)
def test_what_cannot_be(arguments, environment, message):
    with pytest.raises(UserError, match=message):
        workers_of(*arguments, environment)


@pytest.mark.parametrize(
    "environment",
    [{"MASTER_ADDR": "localhost"}, {"SLURM_STEP_NODELIST": "node7"}, SLURM],
)
def test_what_other_programs_left_does_not_stop_who_is_alone(environment):
    assert workers_of("", None, None, environment) is None
