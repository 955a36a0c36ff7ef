"""A Django REST Framework server on loopback that says whose request it takes each one for.

It has the framework's default parsers: JSON, forms and multipart. It serves until standard input ends.

Standard output: {"port": N}, then one line for each body that the framework has read, which is also the answer:
                 {"case": X-CASE, "header": X-EEC-ID, "read": the `eecId` of the body}
"""

import json
import sys
import threading

import django
import waitress.server
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import re_path

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["rest_framework"],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    LOGGING_CONFIG=None,
)
django.setup()

from rest_framework.views import APIView  # noqa: E402, only after the settings


class Echo(APIView):
    def post(self, request):
        data = request.data
        read = data.get("eecId") if hasattr(data, "get") else None
        answer = {"case": request.headers.get("x-case"), "header": request.headers.get("x-eec-id"), "read": read}
        line = json.dumps(answer)
        print(line, flush=True)
        return HttpResponse(line, status=201, content_type="application/json")


urlpatterns = [re_path("", Echo.as_view())]


def main():
    server = waitress.server.create_server(get_wsgi_application(), host="127.0.0.1", port=0, threads=2)
    threading.Thread(target=server.run, daemon=True).start()
    print(json.dumps({"port": int(server.effective_port)}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
