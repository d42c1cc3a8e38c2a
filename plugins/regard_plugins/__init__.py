"""The plug-ins that come with regard; each file or folder stands alone."""
