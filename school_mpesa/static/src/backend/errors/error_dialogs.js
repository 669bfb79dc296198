import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { WarningDialog } from "@web/core/errors/error_dialogs";

/**
 * Our own kinds of user errors. Odoo looks dialogs up by the exact name of the exception and shows
 * "Something went wrong" for a kind that it does not know.
 */
export class MpesaWarningDialog extends WarningDialog {
    inferTitle() {
        return _t("M-PESA");
    }
}

registry
    .category("error_dialogs")
    .add(
        "odoo.addons.school_mpesa.models.request_error.MpesaRequestError",
        MpesaWarningDialog
    )
    .add("odoo.addons.school_mpesa.vault.VaultError", MpesaWarningDialog);
