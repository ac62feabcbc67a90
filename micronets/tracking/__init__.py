"""What runs leave in MLflow. Only this package imports it, and no job waits for it or fails because of it.

A job appends what it has to record to a journal beside the results (`journal`). The workflow's tracking process sends
journals to the store while they are written (`follower`, `recorder`); where there is none, as for a stage that is
called from Python, a thread of the job does (`sender`). What a store has not taken is sent by the next run, or by
`micronets track`.
"""

from micronets.tracking.follower import Follower as Follower
from micronets.tracking.over_seeds import record_over_seeds as record_over_seeds
from micronets.tracking.preparation import prepare_store as prepare_store
from micronets.tracking.preparation import run_links as run_links
from micronets.tracking.sender import send_all as send_all
from micronets.tracking.stage_run import StageRun as StageRun
from micronets.tracking.stage_run import record_data as record_data
from micronets.tracking.stage_run import record_export as record_export
from micronets.tracking.store import STORE_VARIABLE as STORE_VARIABLE
from micronets.tracking.store import store_uri as store_uri
