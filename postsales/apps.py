from django.apps import AppConfig


class PostsalesConfig(AppConfig):
    name = "postsales"
    label = "postsales"
    verbose_name = "Post-sales"
