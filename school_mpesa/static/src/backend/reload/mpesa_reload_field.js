import { Component, onWillDestroy, xml } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const POLL_MILLISECONDS = 2000;

/**
 * Reads the record again every two seconds for as long as the field is true: an answer appears by
 * itself. No news is no error: a lost connection shows what was known last, and asks again.
 */
export class MpesaReloadField extends Component {
    static template = xml`
        <span t-if="isWaiting" class="text-muted" role="status">
            <i class="fa fa-spinner fa-spin me-2" aria-hidden="true"/>
            <t t-out="text"/>
        </span>`;
    static props = { ...standardFieldProps };

    setup() {
        this.text = _t("Safaricom is being asked.");
        this.schedule();
        onWillDestroy(() => {
            this.destroyed = true;
            browser.clearTimeout(this.timer);
        });
    }

    get isWaiting() {
        return Boolean(this.props.record.data[this.props.name]);
    }

    schedule() {
        this.timer = browser.setTimeout(() => this.refresh(), POLL_MILLISECONDS);
    }

    async refresh() {
        try {
            if (this.isWaiting && this.props.record.resId && !document.hidden) {
                await this.props.record.load();
            }
        } catch (error) {
            if (!(error instanceof ConnectionLostError) && !(error instanceof RPCError)) {
                throw error;
            }
        } finally {
            if (!this.destroyed) {
                this.schedule();
            }
        }
    }
}

registry.category("fields").add("mpesa_reload", {
    component: MpesaReloadField,
    displayName: _t("Read again while something is awaited"),
    supportedTypes: ["boolean"],
});
