"""The inbox: what customers, and people who are none yet, wrote; somebody sees to each text."""
