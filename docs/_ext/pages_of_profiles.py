"""The list of shipped profiles, from their files."""

from __future__ import annotations

from docstrings import table

from regard.mapping.profiles import Profile, shipped_profiles


def profiles() -> str:
    """Return the list of all profiles, and the notes that some of them have."""
    rows = []
    for profile in shipped_profiles():
        forms = [
            f"{name}{'' if variant.confirmed else ' (not confirmed)'}"
            for name, variant in profile.variants.items()
        ]
        rows.append(
            (
                f"`{profile.name}`",
                ", ".join(f"`{each}`" for each in profile.plugins),
                profile.vendor,
                profile.title,
                f"[`{profile.kind}`](#kind-{profile.kind})",
                "yes" if profile.confirmed else "**no**",
                ", ".join(forms),
            )
        )
    header = ("profile", "source", "vendor", "export", "kind", "confirmed", "other forms")
    return "\n".join((_counted(), table(header, rows), *_notes()))


def _counted() -> str:
    found = shipped_profiles()
    confirmed = sum(profile.confirmed for profile in found)
    vendors = len({profile.vendor for profile in found} - {"any"})
    return f"{len(found)} profiles of {vendors} vendors; {confirmed} of them are confirmed.\n"


def _notes() -> list[str]:
    noted: list[Profile] = [profile for profile in shipped_profiles() if profile.note]
    if not noted:
        return []
    lines = [f"- `{profile.name}`: {profile.note}" for profile in noted]
    return ["## What to know about some of them\n", "\n".join(lines) + "\n"]
