import { Component, onWillDestroy, onWillUpdateProps, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const POLL_MILLISECONDS = 1000;

/**
 * How far a bill run has come: the bar moves by itself while the run posts in the background, and
 * the form follows once it is done.
 */
export class SchoolBillRunProgressField extends Component {
    static template = "school_fees.BillRunProgressField";
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

    get isRunning() {
        return ["posting", "undoing"].includes(this.state.progress?.state);
    }

    get percent() {
        const { done, total } = this.state.progress;
        return total ? Math.floor((100 * done) / total) : 0;
    }

    get text() {
        const { done, total, state } = this.state.progress;
        return state === "undoing"
            ? _t("%(done)s of %(total)s students undone", { done, total })
            : _t("%(done)s of %(total)s students posted", { done, total });
    }

    mustReload(wasRunning) {
        return wasRunning && !this.isRunning;
    }

    schedule() {
        browser.clearTimeout(this.timer);
        if (this.isRunning && !this.destroyed) {
            this.timer = browser.setTimeout(() => this.refresh(), POLL_MILLISECONDS);
        }
    }

    /**
     * Ask once. No news is no error: a lost connection shows what was known last and asks again.
     */
    async refresh() {
        const { record, name } = this.props;
        try {
            const [values] = await this.orm.silent.read(record.resModel, [record.resId], [name]);
            if (this.destroyed || !values?.[name]) {
                return;
            }
            const wasRunning = this.isRunning;
            const before = this.state.progress;
            this.state.progress = values[name];
            if (this.mustReload(wasRunning, before)) {
                await record.load(); // status, documents and reasons follow
            }
        } catch (error) {
            if (!(error instanceof ConnectionLostError) && !(error instanceof RPCError)) {
                throw error;
            }
        } finally {
            this.schedule();
        }
    }
}

registry.category("fields").add("school_bill_run_progress", {
    component: SchoolBillRunProgressField,
    displayName: _t("Progress of a bill run"),
    supportedTypes: ["json"],
});
