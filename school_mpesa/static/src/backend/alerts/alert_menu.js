import { Component, onWillDestroy, onWillStart, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

const POLL_MILLISECONDS = 60_000;

/**
 * A sign in the bar at the top while something is wrong with M-PESA, on every screen of the office.
 * Asking for it also makes the server look whether its scheduled actions run at all.
 */
export class MpesaAlertMenu extends Component {
    static template = "school_mpesa.AlertMenu";
    static props = {};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ alerts: [] });
        onWillStart(async () => {
            if (await user.hasGroup("school_fees.group_bursar")) {
                this.refresh(); // Not awaited: the bar does not wait for it.
            }
        });
        onWillDestroy(() => {
            this.destroyed = true;
            browser.clearTimeout(this.timer);
        });
    }

    get isCritical() {
        return this.state.alerts.some((alert) => alert.level === "critical");
    }

    get title() {
        return this.state.alerts.map((alert) => alert.what).join("\n");
    }

    /**
     * No news is no error: a lost connection shows what was known last, and asks again.
     */
    async refresh() {
        try {
            if (!document.hidden) {
                this.state.alerts = await this.orm.silent.call("mpesa.alert", "get_open", []);
            }
        } catch (error) {
            if (!(error instanceof ConnectionLostError) && !(error instanceof RPCError)) {
                throw error;
            }
        } finally {
            if (!this.destroyed) {
                this.timer = browser.setTimeout(() => this.refresh(), POLL_MILLISECONDS);
            }
        }
    }

    open() {
        return this.action.doAction("school_mpesa.mpesa_alert_action");
    }
}

registry
    .category("systray")
    .add("school_mpesa.AlertMenu", { Component: MpesaAlertMenu }, { sequence: 30 });
