import { Component, onWillDestroy, onWillUpdateProps, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const POLL_MILLISECONDS = 2500;
const POLL_SETTLED_MILLISECONDS = 15000; // a success that comes late still wins
const ICONS = {
    wait: "fa-mobile",
    check: "fa-question-circle",
    good: "fa-check-circle",
    bad: "fa-times-circle",
};

/**
 * The live state of a payment request: it updates by itself while the form is open, from a message
 * on the bus where that reaches the browser, and by asking every few seconds in any case.
 */
export class MpesaRequestLiveField extends Component {
    static template = "school_mpesa.RequestLiveField";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.bus = useService("bus_service");
        this.state = useState({ live: this.recordValue, waitLeft: 0, showPaybill: false });
        this.setWait();
        this.onBusMessage = ({ id }) => {
            if (id === this.props.record.resId) {
                this.refresh();
            }
        };
        this.bus.subscribe("school_mpesa/request", this.onBusMessage);
        this.countdown = browser.setInterval(() => this.tick(), 1000);
        this.schedule();
        onWillUpdateProps((nextProps) => {
            const live = nextProps.record.data[nextProps.name];
            if (live && live.version !== this.state.live?.version) {
                this.show(live);
            }
        });
        onWillDestroy(() => {
            this.destroyed = true;
            this.bus.unsubscribe("school_mpesa/request", this.onBusMessage);
            browser.clearInterval(this.countdown);
            browser.clearTimeout(this.timer);
        });
    }

    get recordValue() {
        return this.props.record.data[this.props.name] || null;
    }

    get icon() {
        return ICONS[this.state.live.tone] || ICONS.wait;
    }

    get alertClass() {
        const classes = { good: "success", bad: "danger", check: "warning" };
        return `alert-${classes[this.state.live.tone] || "info"}`;
    }

    get isSettled() {
        return ["paid", "declined"].includes(this.state.live?.state);
    }

    get waitText() {
        const minutes = Math.floor(this.state.waitLeft / 60);
        const seconds = String(this.state.waitLeft % 60).padStart(2, "0");
        return _t("You can send again in %(time)s.", { time: `${minutes}:${seconds}` });
    }

    show(live) {
        this.state.live = live;
        this.setWait();
    }

    setWait() {
        this.state.waitLeft = this.state.live?.retry ? this.state.live.retry_in : 0;
    }

    tick() {
        if (this.state.waitLeft > 0) {
            this.state.waitLeft--;
        }
    }

    schedule() {
        browser.clearTimeout(this.timer);
        const delay = this.isSettled ? POLL_SETTLED_MILLISECONDS : POLL_MILLISECONDS;
        this.timer = browser.setTimeout(() => this.refresh(), delay);
    }

    /**
     * Ask once. No news is no error: a lost connection shows what was known last and asks again.
     */
    async refresh() {
        browser.clearTimeout(this.timer);
        const { record, name } = this.props;
        try {
            if (record.resId && !document.hidden) {
                const [values] = await this.orm.silent.read(
                    "payment.transaction", [record.resId], [name]
                );
                const live = values?.[name];
                if (live && !this.destroyed) {
                    const changed = live.version !== this.state.live?.version;
                    this.show(live);
                    if (changed) {
                        await record.load(); // buttons, evidence and receipt follow
                    }
                }
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

    togglePaybill() {
        this.state.showPaybill = !this.state.showPaybill;
    }
}

registry.category("fields").add("mpesa_request_live", {
    component: MpesaRequestLiveField,
    displayName: _t("Live state of a payment request"),
    supportedTypes: ["json"],
});
