"""The doors: what machines and leads use. They answer before Django is asked, and each is a few lines over intake."""
