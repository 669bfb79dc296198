import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

let nextId = 0;

/**
 * Whose phone shows the pop-up: one radio button for each guardian's number, and one for another.
 */
export class MpesaPhoneChoiceField extends Component {
    static template = "school_mpesa.PhoneChoiceField";
    static props = {
        ...standardFieldProps,
        optionsField: { type: String },
    };

    setup() {
        this.id = `mpesa_phone_choice_${nextId++}`;
    }

    get choices() {
        return this.props.record.data[this.props.optionsField] || [];
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get otherLabel() {
        return _t("Another number");
    }

    choose(key) {
        this.props.record.update({ [this.props.name]: key });
    }
}

registry.category("fields").add("mpesa_phone_choice", {
    component: MpesaPhoneChoiceField,
    displayName: _t("Phone of a guardian"),
    supportedTypes: ["char"],
    extractProps: ({ options }) => ({ optionsField: options.options_field }),
});
