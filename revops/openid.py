"""The company's OpenID provider, as the environment names it (OIDC_*)."""

from typing import Any

import environ

env = environ.Env()


def openid_providers(server_url: str) -> dict[str, Any]:
    """SOCIALACCOUNT_PROVIDERS: one provider, or none without its address."""
    company = {
        "provider_id": "company",
        "name": env.str("OIDC_NAME", default="OpenID Connect"),
        "client_id": env.str("OIDC_CLIENT_ID", default=""),
        "secret": env.str("OIDC_CLIENT_SECRET", default=""),
        "settings": {"server_url": server_url, "oauth_pkce_enabled": True},
    }
    provider = {"provider_class": "revops.users.oidc.Provider", "APPS": [company] if server_url else []}
    return {"openid_connect": provider}
