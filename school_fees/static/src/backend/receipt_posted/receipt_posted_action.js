import { registry } from "@web/core/registry";

/**
 * What follows *Post* at the desk: a message of what happened, the print, and the receipt.
 */
async function receiptPosted(env, action) {
    const { message, print, next } = action.params;
    env.services.notification.add(message, { type: "success" });
    await env.services.action.doAction(print);
    return next;
}

registry.category("actions").add("school_fees_receipt_posted", receiptPosted);
