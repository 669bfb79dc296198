import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";
import { cookie } from "@web/core/browser/cookie";
import { getColor, getCustomColor } from "@web/core/colors/colors";

/**
 * Amounts as bars, and the same in a table for whoever does not see them.
 */
export class MpesaDashboardChart extends Component {
    static template = "school_mpesa.DashboardChart";
    static props = { chart: Object, isLying: { type: Boolean, optional: true } };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        // Drawn anew only when a figure has changed: the data are asked for every few seconds.
        useEffect(
            () => this.draw(),
            () => [JSON.stringify(this.props.chart.rows)]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        this.chart = null;
        if (!this.canvas.el) {
            return; // Without any money there are words instead.
        }
        const { rows } = this.props.chart;
        const scheme = cookie.get("color_scheme");
        const ink = getCustomColor(scheme, "#111827", "#e4e4e4");
        const amounts = {
            beginAtZero: true,
            ticks: { color: ink, maxTicksLimit: 5 },
            grid: { color: getCustomColor(scheme, "rgba(0,0,0,.1)", "rgba(255,255,255,.15)") },
        };
        const names = { ticks: { color: ink }, grid: { display: false } };
        this.chart = new Chart(this.canvas.el, {
            type: "bar",
            data: {
                labels: rows.map((row) => row.label),
                datasets: [
                    {
                        data: rows.map((row) => row.amount),
                        backgroundColor: getColor(0, scheme, "odoo"),
                        maxBarThickness: 36,
                    },
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                indexAxis: this.props.isLying ? "y" : "x",
                scales: this.props.isLying
                    ? { x: amounts, y: names }
                    : { x: names, y: amounts },
                plugins: {
                    legend: { display: false },
                    tooltip: { callbacks: { label: ({ dataIndex }) => rows[dataIndex].text } },
                },
            },
        });
    }
}
