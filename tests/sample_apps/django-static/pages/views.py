"""Answers with the URL of the style sheet: a 500 when the manifest has none."""

from django.http import HttpResponse
from django.templatetags.static import static


def home(request):
    return HttpResponse(static("app.css"))
