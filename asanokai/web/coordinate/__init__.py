"""The coordinators' pages, one file per thing they work on. Registered and guarded in `asanokai.web`."""
