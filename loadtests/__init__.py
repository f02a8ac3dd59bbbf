"""Load tests: cameras in Locust that send at their own rate, whatever the server does. See README.md beside this."""
