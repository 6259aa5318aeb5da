"""Labs as code: a document that says what a project holds, and the steps that make it so."""
