from __future__ import annotations

from crm.kernel.manifest import Feature, Job
from crm.programs.doctor import doctor
from crm.programs.worker import worker

feature = Feature(
    name="programs",
    commands=(doctor, worker),
    jobs=(Job(3600, "crm.programs.housekeeping:clear"),),
)
