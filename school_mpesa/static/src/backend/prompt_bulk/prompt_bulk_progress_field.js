import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { SchoolBillRunProgressField } from "@school_fees/backend/bill_run_progress/bill_run_progress_field";

const COLOURS = {
    paid: "success",
    open: "info",
    unpaid: "danger",
    check: "warning",
    waiting: "secondary",
};

/**
 * How far prompts to many have come: the bar moves by itself while they go out and are answered,
 * and the results below it follow.
 */
export class MpesaPromptBulkProgressField extends SchoolBillRunProgressField {
    static template = "school_mpesa.PromptBulkProgressField";

    get isRunning() {
        return Boolean(this.state.progress?.is_live);
    }

    get parts() {
        const { parts, total } = this.state.progress;
        return parts
            .filter((part) => part.count)
            .map((part) => ({
                ...part,
                colour: COLOURS[part.key],
                percent: total ? (100 * part.count) / total : 0,
            }));
    }

    mustReload(wasRunning, before) {
        return JSON.stringify(before) !== JSON.stringify(this.state.progress);
    }
}

registry.category("fields").add("mpesa_prompt_bulk_progress", {
    component: MpesaPromptBulkProgressField,
    displayName: _t("Progress of prompts to many"),
    supportedTypes: ["json"],
});
