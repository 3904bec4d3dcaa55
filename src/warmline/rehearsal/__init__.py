"""A playbook lived through before anybody is in it: pure, on core alone. `prove` walks what can happen to one lead."""
