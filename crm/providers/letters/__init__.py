"""Letters: the e-mail that every mail provider is handed, as text and as HTML of ours."""
