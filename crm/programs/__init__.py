"""The programs: run, server, worker, doctor, first start."""
