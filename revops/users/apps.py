from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "revops.users"
    label = "users"
    verbose_name = "Users"
