"""Every router of the site and the API, in the order they are matched."""

from fastapi import APIRouter

from leye_platform.accounts import admin_pages, me_pages, organisation_pages
from leye_platform.accounts import api as accounts_api
from leye_platform.accounts import pages as accounts_pages
from leye_platform.administration import pages as administration_pages
from leye_platform.assignments import api as assignments_api
from leye_platform.assignments import aside_pages, correct_pages, home_pages
from leye_platform.assignments import pages as assignments_pages
from leye_platform.billing import api as billing_api
from leye_platform.billing import earnings_pages
from leye_platform.billing import pages as billing_pages
from leye_platform.class_names import api as class_names_api
from leye_platform.class_names import pages as class_names_pages
from leye_platform.delivery import api as delivery_api
from leye_platform.delivery import pages as delivery_pages
from leye_platform.exports import api as exports_api
from leye_platform.exports import pages as export_pages
from leye_platform.guides import api as guides_api
from leye_platform.guides import desk_pages as guide_desk_pages
from leye_platform.guides import gold_pages
from leye_platform.guides import pages as guide_pages
from leye_platform.holdings import api as storage_api
from leye_platform.matching import api as matching_api
from leye_platform.matching import pages as matching_pages
from leye_platform.notices import pages as notice_pages
from leye_platform.partner_api import export_api as label_studio_export_api
from leye_platform.partner_api import import_api, service_api, tasks_api, work_api
from leye_platform.partner_api import projects_api as label_studio_projects_api
from leye_platform.projects import (
    addition_pages,
    additions_api,
    at_work_pages,
    batch_pages,
    objects_api,
    partner_pages,
    partner_project_pages,
    pictures_api,
    staffing_api,
    staffing_pages,
    withdraw_pages,
)
from leye_platform.projects import api as projects_api
from leye_platform.projects import pages as projects_pages
from leye_platform.retention import api as retention_api
from leye_platform.retention import pages as retention_pages
from leye_platform.review import api as review_api
from leye_platform.review import certainty_pages
from leye_platform.review import pages as review_pages
from leye_platform.teams import flag_pages as team_flag_pages
from leye_platform.teams import help_pages as team_help_pages
from leye_platform.teams import pages as team_pages
from leye_platform.teams import people_pages as team_people_pages
from leye_platform.uploads import api as uploads_api
from leye_platform.web import health, problem_pages, site_pages, styleguide_pages
from leye_platform.webhooks import api as webhooks_api
from leye_platform.webhooks import pages as webhook_pages

ROUTERS: tuple[APIRouter, ...] = (
    work_api.router,  # the first: the paths that are asked for most, and a match is a walk
    service_api.router,
    import_api.router,
    label_studio_export_api.router,
    tasks_api.router,
    label_studio_projects_api.router,
    health.router,
    site_pages.router,
    problem_pages.router,
    styleguide_pages.router,
    matching_api.router,
    matching_pages.router,
    accounts_api.router,
    accounts_pages.router,
    me_pages.router,
    notice_pages.router,
    assignments_api.router,
    assignments_pages.router,
    home_pages.router,
    aside_pages.router,
    correct_pages.router,
    guides_api.router,
    guide_pages.router,
    guide_desk_pages.router,
    gold_pages.router,
    review_api.router,
    review_pages.router,
    certainty_pages.router,
    projects_api.router,
    additions_api.router,
    staffing_api.router,
    uploads_api.router,
    storage_api.router,
    retention_api.router,
    objects_api.router,
    pictures_api.router,
    at_work_pages.router,  # before the page of one project, whose address is as long
    projects_pages.router,
    batch_pages.router,
    staffing_pages.router,
    withdraw_pages.router,
    retention_pages.router,
    addition_pages.router,
    partner_pages.router,
    partner_project_pages.router,
    delivery_api.router,
    delivery_pages.router,
    billing_api.router,
    billing_pages.router,
    earnings_pages.router,
    exports_api.router,
    export_pages.router,
    webhooks_api.router,
    webhook_pages.router,
    class_names_api.router,
    class_names_pages.router,
    administration_pages.router,
    admin_pages.router,
    organisation_pages.router,
    team_people_pages.router,
    team_help_pages.router,
    team_flag_pages.router,
    team_pages.router,
)
