import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { RecordAutocomplete } from "@web/core/record_selectors/record_autocomplete";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/**
 * Where the day of the fees office starts. All that is shown comes from one call, by the reader's
 * rights; each figure opens the list behind it.
 */
export class SchoolToday extends Component {
    static template = "school_fees.Today";
    static components = { Layout, RecordAutocomplete };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ figures: null, approving: false });
        this.display = { controlPanel: {} };
        this.finder = {
            resModel: "school.student",
            update: ([id]) => id && this.openRecord("school.student", id),
            multiSelect: false,
            getIds: () => [],
            value: "",
            className: "o_school_finder w-100",
            fieldString: _t("Student"),
            placeholder: _t("Find a student by number or name"),
        };
        onWillStart(() => this.load());
    }

    async load() {
        this.state.figures = await this.orm.call("school.dashboard", "get_figures", []);
    }

    /**
     * Open what is behind a button or a figure; what a dialog changed shows once it is closed.
     */
    open(action) {
        return this.action.doAction(action, { onClose: () => this.load() });
    }

    openRecord(model, id) {
        return this.open({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    /**
     * Approve what the line tells all about; the server refuses whoever may not.
     */
    async approve(row) {
        this.state.approving = true;
        try {
            await this.orm.call(row.model, "action_approve", [[row.id]]);
        } finally {
            // Refused, it may be because a colleague was faster: the line must go all the same.
            await this.load();
            this.state.approving = false;
        }
    }

    /**
     * How wide an amount is drawn, in per cent: the class with the highest bills fills the column.
     */
    share(amount) {
        const highest = Math.max(...this.state.figures.classes.map((row) => row.billed));
        return highest > 0 ? Math.max(0, (100 * amount) / highest) : 0;
    }
}

registry.category("actions").add("school_fees_today", SchoolToday);
