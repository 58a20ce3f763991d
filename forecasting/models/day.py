"""What a person put off on My day."""

from django.conf import settings
from django.db import models

from revops.core.models import Stamped


class PutOff(Stamped):
    """A thing of My day that its person does not want to see before a moment. Planned activities are moved instead."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="put_off")
    key = models.CharField(max_length=200)
    until = models.DateTimeField()

    class Meta:
        verbose_name_plural = "put off"
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="put_off_once_a_thing")]

    def __str__(self) -> str:
        return self.key
