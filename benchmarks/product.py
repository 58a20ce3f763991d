"""The product as gunicorn serves it, telling with each answer what it cost."""

from benchmarks.counted import counted
from revops.wsgi import application as product

application = counted(product)
