import { onMounted, onWillDestroy, useExternalListener } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { SchoolToday } from "@school_fees/backend/today/school_today";
import { LOOKS } from "../channel_badge/channel_badge_field";
import { MpesaDashboardChart } from "./mpesa_dashboard_chart";

const REFRESH_MILLISECONDS = 15000;
const TONES = {
    good: "text-bg-success",
    bad: "text-bg-danger",
    check: "text-bg-warning",
    wait: "text-bg-info",
};

/**
 * What comes in by M-PESA, alive: all of it is asked for again every few seconds while the screen
 * is in view, and at once when a message on the bus tells that a request has ended.
 */
export class MpesaDashboard extends SchoolToday {
    static template = "school_mpesa.Dashboard";
    static components = { Layout, MpesaDashboardChart };

    setup() {
        super.setup();
        this.bus = useService("bus_service");
        Object.assign(this.state, { isCutOff: false, isBusy: false });
        this.onNews = () => this.refresh();
        this.bus.subscribe("school_mpesa/request", this.onNews);
        useExternalListener(document, "visibilitychange", this.onNews);
        onMounted(() => this.schedule());
        onWillDestroy(() => {
            this.isDestroyed = true;
            this.bus.unsubscribe("school_mpesa/request", this.onNews);
            browser.clearTimeout(this.timer);
        });
    }

    async load() {
        this.show(await this.orm.call("mpesa.dashboard", "get_figures", []));
    }

    show(figures) {
        this.state.figures = figures;
        this.state.isCutOff = false;
    }

    schedule() {
        browser.clearTimeout(this.timer);
        if (!this.isDestroyed) {
            this.timer = browser.setTimeout(() => this.refresh(), REFRESH_MILLISECONDS);
        }
    }

    /**
     * Ask quietly. A lost connection shows what was known last, says so, and asks again.
     */
    async refresh() {
        browser.clearTimeout(this.timer);
        try {
            if (!document.hidden) {
                const figures = await this.orm.silent.call("mpesa.dashboard", "get_figures", []);
                if (!this.isDestroyed) {
                    this.show(figures);
                }
            }
        } catch (error) {
            if (!(error instanceof ConnectionLostError) && !(error instanceof RPCError)) {
                throw error;
            }
            this.state.isCutOff = true;
        } finally {
            this.schedule();
        }
    }

    /**
     * Press a button of a record, as on its form.
     */
    async press(resModel, resId, name) {
        if (this.state.isBusy) {
            return;
        }
        this.state.isBusy = true;
        try {
            await this.action.doActionButton({
                type: "object",
                resModel,
                resId,
                name,
                onClose: () => this.load(),
            });
        } finally {
            this.state.isBusy = false;
        }
    }

    /**
     * Open a row with all its evidence: a request has a screen of its own.
     */
    openTransaction(row) {
        return row.model === "payment.transaction"
            ? this.press(row.model, row.id, "action_mpesa_open")
            : this.openRecord(row.model, row.id);
    }

    look(channel) {
        return LOOKS[channel] || {};
    }

    toneClass(tone) {
        return TONES[tone] || "text-bg-secondary";
    }

    get cutOffText() {
        return _t("No connection. This is as of %(time)s.", { time: this.state.figures.time });
    }

    /**
     * What a screen reader hears when it changes, and only then.
     */
    get news() {
        const { title, value, details } = this.state.figures.cards[0];
        return `${title}: ${value}, ${details[0]}`;
    }
}

registry.category("actions").add("school_mpesa_dashboard", MpesaDashboard);
