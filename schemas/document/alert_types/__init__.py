"""The types of alert, a file for each. Adding one: its file, its line in `registry`, its name in
`schemas.document.alert_types.vocabulary.AlertType`.
"""
