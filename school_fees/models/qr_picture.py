"""QR codes for paper and screens."""
import base64
import io

import qrcode


# Choosing among the eight takes ten times as long as drawing, which a class's statements would
# feel; readers take any.
_MASK = 3


def make_qr_picture(text):
    """Return the QR code of a text, with the white edge that readers need.

    :param str text: What a reader finds, such as an address.
    :return: A black and white PNG picture as a `data:` address.
    :rtype: str
    """
    code = qrcode.QRCode(
        border=4, box_size=6, mask_pattern=_MASK,
        error_correction=qrcode.constants.ERROR_CORRECT_M,  # A fold or a stamp may lie on it.
    )
    code.add_data(text)
    picture = io.BytesIO()
    code.make_image().save(picture, 'PNG')
    return 'data:image/png;base64,' + base64.b64encode(picture.getvalue()).decode()
