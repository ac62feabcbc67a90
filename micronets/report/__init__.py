"""The stage report: what was found out about a task's models, as a table, pictures and one page."""

from micronets.report.stage import report as report
from micronets.report.summary import format_summary as format_summary
from micronets.report.summary import summary_table as summary_table
