import { patch } from "@web/core/utils/patch";
import { SchoolToday } from "@school_fees/backend/today/school_today";

/**
 * *Today* begins with what is wrong with M-PESA and nobody sees to yet.
 */
patch(SchoolToday.prototype, {
    get unseenAlerts() {
        return (this.state.figures.alerts || []).filter((alert) => !alert.acknowledged);
    },

    async acknowledge(alert) {
        await this.orm.call("mpesa.alert", "action_acknowledge", [[alert.id]]);
        await this.load();
    },
});
