import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

export const LOOKS = {
    stk_push: { icon: "fa-mobile", colour: "text-bg-primary" },
    payment_link: { icon: "fa-link", colour: "text-bg-info" },
    invoice: { icon: "fa-file-text-o", colour: "text-bg-success" },
    statement: { icon: "fa-list-alt", colour: "text-bg-warning" },
    paybill_manual: { icon: "fa-keyboard-o", colour: "text-bg-dark" },
    api: { icon: "fa-plug", colour: "text-bg-secondary" },
    cash: { icon: "fa-money", colour: "text-bg-light" },
    bank: { icon: "fa-university", colour: "text-bg-light" },
    cheque: { icon: "fa-pencil-square-o", colour: "text-bg-light" },
};

/**
 * How the money was asked for or paid: a badge with colour, icon and words, so that no one of them
 * carries the meaning alone.
 */
export class MpesaChannelBadgeField extends Component {
    static template = "school_mpesa.ChannelBadgeField";
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }

    get look() {
        return LOOKS[this.value] || { icon: "fa-circle-o", colour: "text-bg-light" };
    }

    get label() {
        const { selection } = this.props.record.fields[this.props.name];
        return selection.find(([key]) => key === this.value)?.[1] || "";
    }
}

registry.category("fields").add("mpesa_channel_badge", {
    component: MpesaChannelBadgeField,
    displayName: _t("Channel badge"),
    supportedTypes: ["selection"],
});
