"""Every address of the desk."""

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path

from mostrador.web import (
    cancellations,
    drafts,
    health,
    live,
    macros,
    merging,
    messages,
    metrics,
    orders,
    people,
    refunds,
    reviews,
    teamwork,
    tickets,
    uploads,
    views,
)

sign_in = LoginView.as_view(
    template_name="people/sign_in.html",
    authentication_form=people.SignInForm,
    redirect_authenticated_user=True,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", tickets.inbox, name="inbox"),
    path("queue", tickets.queue, name="queue"),
    path("views", views.page, name="views"),
    path("views/counts", views.counted, name="counted-views"),
    path("views/keep", views.keep, name="keep-view"),
    path("views/<int:view_id>/change", views.change, name="change-view"),
    path("views/<int:view_id>/delete", views.delete, name="delete-view"),
    path("tickets/<int:ticket_id>/", tickets.ticket, name="ticket"),
    path("tickets/<int:ticket_id>/live", live.live, name="live"),
    path("tickets/<int:ticket_id>/close", tickets.close, name="close"),
    path("tickets/<int:ticket_id>/reopen", tickets.reopen, name="reopen"),
    path("tickets/<int:ticket_id>/take", tickets.take, name="take"),
    path("tickets/<int:ticket_id>/release", tickets.release, name="release"),
    path("tickets/<int:ticket_id>/assign", teamwork.assign, name="assign"),
    path("tickets/<int:ticket_id>/tag", teamwork.tag, name="tag"),
    path("tickets/<int:ticket_id>/untag", teamwork.untag, name="untag"),
    path("tickets/<int:ticket_id>/priority", teamwork.rank, name="rank"),
    path("tickets/<int:ticket_id>/snooze", teamwork.snooze, name="snooze"),
    path("tickets/<int:ticket_id>/wake", teamwork.wake, name="wake"),
    path("tickets/<int:ticket_id>/link", teamwork.link, name="link"),
    path("tickets/<int:ticket_id>/unlink", teamwork.unlink, name="unlink"),
    path("tickets/<int:ticket_id>/merge", merging.merge, name="merge"),
    path("tickets/<int:ticket_id>/unmerge", merging.unmerge, name="unmerge"),
    path("tickets/<int:ticket_id>/split", merging.split, name="split"),
    path("tags", teamwork.tags, name="tags"),
    path("tickets/<int:ticket_id>/reply", messages.reply, name="reply"),
    path("tickets/<int:ticket_id>/draft", drafts.draft, name="draft"),
    path("tickets/<int:ticket_id>/files", uploads.upload, name="upload"),
    path("tickets/<int:ticket_id>/files/<int:upload_id>", uploads.download, name="uploaded"),
    path("tickets/<int:ticket_id>/files/<int:upload_id>/remove", uploads.remove, name="remove-upload"),
    path("tickets/<int:ticket_id>/macro", macros.fill, name="macro"),
    path("tickets/<int:ticket_id>/macros", macros.picker, name="macros-of-ticket"),
    path("tickets/<int:ticket_id>/macros/<slug:slug>", macros.run, name="run-macro"),
    path("tickets/<int:ticket_id>/replies/<int:reply_id>/withdraw", messages.withdraw, name="withdraw-reply"),
    path("tickets/<int:ticket_id>/read-order", orders.read_again, name="read-order"),
    path("tickets/<int:ticket_id>/refund", refunds.refund, name="refund"),
    path("tickets/<int:ticket_id>/refund/preview", refunds.preview, name="refund-preview"),
    path(
        "tickets/<int:ticket_id>/refunds/<int:refund_id>/withdraw", refunds.withdraw, name="withdraw-refund"
    ),
    path(
        "tickets/<int:ticket_id>/refunds/<int:refund_id>/send-now", refunds.send_now, name="send-refund-now"
    ),
    path(
        "tickets/<int:ticket_id>/refunds/<int:refund_id>/send-again",
        refunds.send_again,
        name="send-refund-again",
    ),
    path("tickets/<int:ticket_id>/cancel", cancellations.cancel, name="cancel"),
    path(
        "tickets/<int:ticket_id>/cancellations/<int:cancellation_id>/withdraw",
        cancellations.withdraw,
        name="withdraw-cancellation",
    ),
    path(
        "tickets/<int:ticket_id>/cancellations/<int:cancellation_id>/send-now",
        cancellations.send_now,
        name="send-cancellation-now",
    ),
    path("tickets/<int:ticket_id>/refunds/<int:refund_id>/finding", reviews.finding, name="refund-finding"),
    path("tickets/<int:ticket_id>/refunds/<int:refund_id>/look", reviews.look, name="refund-look"),
    path(
        "tickets/<int:ticket_id>/cancellations/<int:cancellation_id>/finding",
        reviews.finding,
        name="cancellation-finding",
    ),
    path(
        "tickets/<int:ticket_id>/cancellations/<int:cancellation_id>/look",
        reviews.look,
        name="cancellation-look",
    ),
    path("messages/<int:message_id>/html", messages.mail_html, name="mail-html"),
    path("attachments/<int:attachment_id>/", messages.attachment, name="attachment"),
    path("profile", people.profile, name="profile"),
    path("profile/password", people.password, name="password"),
    path("help", people.help_page, name="help"),
    path("sign-in", login_not_required(sign_in), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics.metrics, name="metrics"),
    path("api/", include("mostrador.api.urls")),
]
