import { Component, onWillDestroy, onWillUpdateProps, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const POLL_MILLISECONDS = 2000;
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
export class MpesaPromptBulkProgressField extends Component {
    static template = "school_mpesa.PromptBulkProgressField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ progress: this.recordValue });
        this.schedule();
        onWillUpdateProps((nextProps) => {
            this.state.progress = nextProps.record.data[nextProps.name] || null;
            this.schedule();
        });
        onWillDestroy(() => {
            this.destroyed = true;
            browser.clearTimeout(this.timer);
        });
    }

    get recordValue() {
        return this.props.record.data[this.props.name] || null;
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

    schedule() {
        browser.clearTimeout(this.timer);
        if (this.state.progress?.is_live && !this.destroyed) {
            this.timer = browser.setTimeout(() => this.refresh(), POLL_MILLISECONDS);
        }
    }

    /**
     * Ask once. No news is no error: a lost connection shows what was known last and asks again.
     */
    async refresh() {
        const { record, name } = this.props;
        try {
            if (record.resId && !document.hidden) {
                const [values] = await this.orm.silent.read(
                    record.resModel, [record.resId], [name]
                );
                const progress = values?.[name];
                if (this.destroyed || !progress) {
                    return;
                }
                const changed = JSON.stringify(progress) !== JSON.stringify(this.state.progress);
                this.state.progress = progress;
                if (changed) {
                    await record.load(); // buttons, totals and results follow
                }
            }
        } catch (error) {
            if (!error?.name?.includes("Connection") && error?.name !== "RPC_ERROR") {
                throw error;
            }
        } finally {
            this.schedule();
        }
    }
}

registry.category("fields").add("mpesa_prompt_bulk_progress", {
    component: MpesaPromptBulkProgressField,
    displayName: _t("Progress of prompts to many"),
    supportedTypes: ["json"],
});
