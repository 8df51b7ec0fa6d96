"""Make a tenant and print a token of its administrator, valid for a day.

In the gateway's container: ``python - TENANT PROFILE < deploy/make_tenant.py``. Safe to run again: the tenant stays as it
is, the token is a new one each time.
"""

import sys

from affectloop.store.sql.bootstrap import bootstrap
from affectloop.store.sql.database import Store
from affectloop.store.sql.keys import MasterKey
from affectloop_gateway.settings import GatewaySettings

tenant, profile = sys.argv[1:]
settings = GatewaySettings()
key = MasterKey.from_text(settings.master_key.get_secret_value()) if settings.master_key else None
store = Store.open(settings.database, key)
try:
    print(bootstrap(store, tenant_id=tenant, profile_name=profile).admin_token)
finally:
    store.close()
