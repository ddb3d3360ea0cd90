"""The domains that letters go out under and answers come back to: SPF, DKIM, DMARC, MX.

Domains nobody can have are not looked up: an installation with them is for trying out.
"""

from collections.abc import Iterator

from asanokai.doctor import signing, spf
from asanokai.doctor.check import Check, hint, ok, wrong
from asanokai.doctor.names import Away, Names, for_trying_out, readable
from config import Config


def examine(config: Config, names: Names) -> list[Check]:
    """Every check that needs the DNS; one line instead of them where nobody answers."""
    sender = config.sender.rpartition("@")[2].lower()
    envelope = config.reply_domain or sender
    domains = list(dict.fromkeys([sender, envelope]))
    trial = [domain for domain in domains if for_trying_out(domain)]
    checks = [hint("DNS", f"{domain}: not checked, only for trying out") for domain in trial]
    for domain in domains:
        if domain not in trial and not _known(names, domain):
            checks.append(hint("DNS", f"{readable(domain)}: not checked, {UNKNOWN.format(domain.rpartition('.')[2])}"))
        elif domain not in trial:
            checks += _of_domain(config, names, domain, sender=sender, envelope=envelope)
        if names.silent:
            words = "no name server answers: SPF, DKIM, DMARC and MX were not checked. Is this machine on the network?"
            return [*(hint("DNS", f"{name}: not checked, only for trying out") for name in trial), hint("DNS", words)]
    return checks


UNKNOWN = (
    "since the name server does not even know .{}: the domain is mistyped, or this network has its own names alone"
)


def _known(names: Names, domain: str) -> bool:
    """Whether the top of the domain is known: networks cut off from the world say of every name that there is none."""
    try:
        return names.exists(domain.rpartition(".")[2])
    except Away:
        return True  # said where the domain itself is asked for


def _of_domain(config: Config, names: Names, domain: str, *, sender: str, envelope: str) -> Iterator[Check]:
    if domain == sender:
        yield from _sender(names, domain, config)
    if domain == config.reply_domain:
        yield from _receiving(names, domain)
    yield spf.examine(names, domain, envelope=domain == envelope, server=config.mail.server)
    yield signing.examine_dkim(names, domain, config.dkim_selector)
    yield signing.examine_dmarc(names, domain, envelope)


def _sender(names: Names, domain: str, config: Config) -> Iterator[Check]:
    """Receivers refuse letters From a domain that does not exist or takes no mail."""
    shown = readable(domain)
    try:
        if not names.exists(domain):
            yield wrong("sender", f"{shown} does not exist: mend ASANOKAI_SENDER ({config.sender})")
        elif names.mail_servers(domain) == [(0, "")]:
            no_mail = "takes no mail (null MX), so receivers refuse letters from it"
            yield wrong("sender", f"{shown} {no_mail}: mend ASANOKAI_SENDER or the MX record")
        elif not names.mail_servers(domain) and not names.addresses(domain):
            yield hint("sender", f"{shown} has neither MX nor address: nobody can write to {config.sender}")
    except Away as away:
        yield hint("sender", f"{shown}: could not be asked ({away})")


NOTHING_COMES = "so no answer and no bounce can come"


def _receiving(names: Names, domain: str) -> Iterator[Check]:
    """Whether answers and bounces find their way: MX, or an address in its place (RFC 5321 5.1)."""
    shown = readable(domain)
    try:
        yield _mail_servers(names, domain, shown)
        alias = names.alias(domain)
        if alias:
            other = "some mail servers then write to that name instead. Give it records of its own"
            yield hint("MX", f"{shown} is a CNAME of {alias}: {other}")
    except Away as away:
        yield hint("MX", f"{shown}: could not be asked ({away})")


def _mail_servers(names: Names, domain: str, shown: str) -> Check:
    found = names.mail_servers(domain)
    if found is None:
        make = "make it, with an MX record to your mail server, or mend ASANOKAI_REPLY_DOMAIN"
        return wrong("MX", f"{shown} does not exist: {make}")
    if any(not host for _number, host in found):
        return wrong("MX", f"{shown} says that it takes no mail (null MX), {NOTHING_COMES}: replace the record")
    if not found and not names.addresses(domain):
        add = "add an MX record to your mail server"
        return wrong("MX", f"{shown} (ASANOKAI_REPLY_DOMAIN) has neither MX nor address, {NOTHING_COMES}: {add}")
    if not found:
        return hint("MX", f"{shown} has no MX record; mail goes to its address. Better name the mail server by MX")
    hosts = [host for _number, host in found]
    lost = [host for host in hosts if not names.addresses(host)]
    if lost == hosts:
        return wrong("MX", f"{shown}: {', '.join(lost)} has no address, {NOTHING_COMES}: mend the MX record")
    odd = [f"{host} has no address" for host in lost]
    odd += [f"{host} is a CNAME, which an MX must not name (RFC 2181 10.3)" for host in hosts if names.alias(host)]
    if odd:
        return hint("MX", f"{shown}: {'; '.join(odd)}")
    return ok("MX", f"{shown}: {', '.join(hosts)}")
