"""Labs as code: topology documents, and the steps that make a project match one."""
