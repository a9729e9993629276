"""Puts the site together: middleware, errors, static files and every router."""

from fastapi import FastAPI

from leye_platform.installation import Installation
from leye_platform.routers import ROUTERS
from leye_platform.web.access_log import AccessLog
from leye_platform.web.error_pages import install_error_pages
from leye_platform.web.openapi import describe
from leye_platform.web.security_headers import SecurityHeaders
from leye_platform.web.static_files import STATIC_FOLDERS, ServedFiles
from leye_platform.web.trailing_slash import WithoutTrailingSlash


def create_app(installation: Installation) -> FastAPI:
    """The ASGI application over one installation."""
    app = FastAPI(
        title="Leye",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.installation = installation
    for path, folder in STATIC_FOLDERS.items():
        app.mount(path, ServedFiles(path, folder), name=path.strip("/"))
    # The routes as they are: included, each app would build every one of them anew at its first request.
    app.router.routes.extend(route for router in ROUTERS for route in router.routes)
    install_error_pages(app)
    describe(app)
    app.add_middleware(WithoutTrailingSlash)
    app.add_middleware(SecurityHeaders, bucket=_bucket_of(installation))
    app.add_middleware(AccessLog, path=installation.settings.data_dir / "log" / "access.jsonl")
    return app


def _bucket_of(installation: Installation) -> str:
    """The origin of the bucket that browsers send parts of uploads to; empty where they send them to us."""
    return installation.objects.parts.origin if installation.settings.uploads_direct else ""
