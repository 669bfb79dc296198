import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { session } from "@web/session";

/**
 * Says on every screen of the office that the school trains: what is printed or sent is not real.
 */
export class TrainingMark extends Component {
    static template = "school_mpesa.TrainingMark";
    static props = {};

    get text() {
        return _t("TRAINING \u2013 no real money");
    }
}

function isTraining() {
    const training = session.mpesa_training_company_ids || [];
    return user.activeCompanies.some((company) => training.includes(company.id));
}

// On the left of all other signs.
registry
    .category("systray")
    .add(
        "school_mpesa.training",
        { Component: TrainingMark, isDisplayed: isTraining },
        { sequence: 1000 },
    );
